import { pythonClientScenario } from "../scenarios/python-client.ts"
import { startServer } from "../support/server.ts"

pythonClientScenario("embedded", startServer)
