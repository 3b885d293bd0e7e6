/**
 * The bucket of the reports: chart, text and figures of each, under a key that is made of the report's id and of what the chart shows. So
 * a report that is made again never changes the files of the one that was posted. Owns the keys and what stands beside each other.
 */
import { createHash } from "node:crypto";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";

export type ReportBucket = { readonly client: Pick<S3Client, "send">; readonly name: string };

export type ReportFiles = {
  readonly id: string;
  readonly png: Uint8Array;
  readonly text: string;
  readonly json: string;
};

const DIGEST_CHARACTERS = 12;

/** Stores the files of a report; answers the key of its chart. The text and the figures stand beside it, as `.txt` and `.json`. */
export async function storeFiles(bucket: ReportBucket, { id, png, text, json }: ReportFiles): Promise<string> {
  const digest = createHash("sha256").update(png).update(text).digest("hex").slice(0, DIGEST_CHARACTERS);
  // Colons are trouble in the names of files that people download.
  const stem = `reports/${id.replaceAll(":", "-")}-${digest}`;
  const put = async (key: string, body: Uint8Array | string, type: string) => {
    await bucket.client.send(
      new PutObjectCommand({
        Bucket: bucket.name,
        Key: key,
        Body: body,
        ContentType: type,
        CacheControl: "max-age=86400",
      }),
    );
  };
  await put(`${stem}.json`, json, "application/json");
  await put(`${stem}.txt`, text, "text/plain; charset=utf-8");
  await put(`${stem}.png`, png, "image/png");
  return `${stem}.png`;
}

export async function loadChart(bucket: ReportBucket, key: string): Promise<Uint8Array> {
  const { Body } = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }));
  if (Body === undefined) throw new Error(`the chart ${key} must have a body, was empty`);
  return await Body.transformToByteArray();
}
