import { expect, it } from "vitest";
import { makeS3 } from "../../lambdas/aws-clients.ts";

it.each([
  [{ AWS_ENDPOINT_URL_S3: "http://localhost:4566" }, true],
  [{ AWS_ENDPOINT_URL: "http://localhost:4566" }, true],
  [{ AWS_ENDPOINT_URL: "", AWS_ENDPOINT_URL_DYNAMODB: "http://localhost:8000" }, false],
  [{}, false],
])("where %o gives the endpoint of the files, the bucket stands in the path: %s", (environment, expected) => {
  expect(makeS3(environment).config.forcePathStyle).toBe(expected);
});
