/** What is loaded when it is first needed: see `load.ts`. */
export { logArtifact } from "./artifact.ts"
export { logAudio } from "./audio.ts"
export { logDistribution } from "./distribution.ts"
export { logImage } from "./image.ts"
export { uploadDuty } from "./upload.ts"
