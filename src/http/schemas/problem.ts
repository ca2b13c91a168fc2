import { ERRORS } from '../../base/error-codes.ts';
import { HTTP_ERRORS } from '../problems.ts';
import { COUNT, described, object, oneOf, TEXT, YES_OR_NO } from './schema.ts';

/** Every answer that is an error has this body. */
export const PROBLEM = object({
  type: described('urn:memchorus:error:CODE', TEXT),
  title: described('the words of the status', TEXT),
  status: COUNT,
  code: described(
    'keeps its meaning from release to release',
    oneOf(...Object.keys(ERRORS), ...Object.keys(HTTP_ERRORS)),
  ),
  detail: described('for people; may change', TEXT),
  mayHaveHappened: described('the request may have taken effect, or may still do so', YES_OR_NO),
});
