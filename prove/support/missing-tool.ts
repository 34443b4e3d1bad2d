/** A tool that a proof needs and that cannot be had here; the command ends with exit code 3. */
export class MissingTool extends Error {
  override readonly name = 'MissingTool';
}
