/** `devc --help`. */
export const HELP = `devc - declarative sandboxes for AI coding agents

Usage: devc COMMAND [OPTIONS]

  plan        show what apply would change; changes nothing
  apply       make the engine match devc.yaml
  up          apply for some projects: devc up web
  status      what exists, and whether it matches
  exec        run a command in a sandbox
  attach      open a shell in a sandbox
  logs        what a sandbox printed, or the commands of its devcontainer.json
  destroy     remove the sandboxes of the workspace; volumes stay
  validate    check devc.yaml without an engine
  config      print what devc.yaml compiles to, secrets masked
  schema      print a JSON Schema: of the manifest, of plans, of events, …

  devc COMMAND --help   options and examples of a command
  devc --version        the version

Examples:
  devc plan                      what would happen?
  devc apply                     make it so
  devc apply -p web --yes        only project web, ask nothing
  devc plan -o p.json            save a plan, apply exactly it later:
  devc apply p.json
  devc exec web -- npm test

The engine is the first of: --engine, DEVC_ENGINE, DOCKER_HOST, the current docker context, Docker (system, rootless,
Desktop), Colima, OrbStack, Rancher Desktop, Lima, Podman (rootless, system, machine).

Exit codes:
    0  done; also: nothing to do
    1  error
    2  changes are pending (plan --detailed-exitcode)
    3  partly applied: some changes failed, others were made
    4  the saved plan no longer fits
    5  another devc works on this workspace
    6  refused by a guard: protection, mass delete, a loosening or deletion nobody approved
   64  wrong command line or manifest
  130  interrupted
  exec and attach end with the exit code of the program they ran.
`;
