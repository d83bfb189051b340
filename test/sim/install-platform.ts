/**
 * The first import of the simulation's worker: what is imported after it finds the simulated platform.
 */
import { installPlatform } from "./platform.ts";

installPlatform();
