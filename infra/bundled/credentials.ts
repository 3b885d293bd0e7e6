/**
 * In the place of `@aws-sdk/credential-provider-node` in a function's bundle: Lambda puts a function's credentials into its environment, where that package
 * looks first; the other ways to some are not in the bundle.
 */
export const defaultProvider = () => async () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = process.env;
  if (!accessKeyId || !secretAccessKey) {
    throw new Error("the environment must have AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, one is absent");
  }
  return { accessKeyId, secretAccessKey, ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}) };
};
