/** To be loaded before the program: then it finds a cluster in its own memory by the cluster file `in-memory:0`. */
import { standInCluster } from "./stand-in.ts"

standInCluster()
