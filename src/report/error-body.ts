import { DevcError, exitCodeOf } from "../model/errors.ts";
import type { Issue } from "../model/errors.ts";
import type { ErrorBody, ErrorDocument } from "./documents/error.ts";

/** Any thrown value as an error of ours; what is not expected becomes `internal`, with its stack as details. */
export function asDevcError(thrown: unknown): DevcError {
  if (thrown instanceof DevcError) return thrown;
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new DevcError("internal", thrown instanceof Error ? thrown.message : String(thrown), {
    details: stack.split("\n"),
    hint: "this is a bug in devc; please report it with the lines above",
    cause: thrown,
  });
}

/** The data of an error. */
export function errorBodyOf(error: DevcError): ErrorBody {
  return {
    code: error.code,
    message: error.message,
    exitCode: exitCodeOf(error.code),
    ...(error.subject === undefined ? {} : { subject: error.subject }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: error.details,
    issues: error.issues.map(issueOf),
  };
}

/** The `devc.error/1` document of an error. */
export function errorDocumentOf(error: DevcError): ErrorDocument {
  return { format: "devc.error/1", error: errorBodyOf(error) };
}

function issueOf({ code, message, position, expected, suggestion }: Issue): ErrorBody["issues"][number] {
  return {
    code,
    message,
    ...(position ? { file: position.file, line: position.line, column: position.column } : {}),
    ...(position?.source === undefined ? {} : { source: position.source }),
    ...(expected === undefined ? {} : { expected }),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}
