/**
 * A stack that can not be made: its first queue can, its second one sets messages aside to nowhere. With `-c whole=true` it is the first
 * queue alone, which can be changed to the broken one then. Deployed to see that nothing half made stays.
 */
import { App, Stack } from "aws-cdk-lib";
import { CfnQueue } from "aws-cdk-lib/aws-sqs";

const app = new App();
const stack = new Stack(app, "FlashMM-broken");
const first = new CfnQueue(stack, "First", { queueName: "broken-queue" });
if (app.node.tryGetContext("whole") !== "true") {
  const second = new CfnQueue(stack, "Second", {
    queueName: "broken-queue-2",
    redrivePolicy: { deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:nowhere", maxReceiveCount: 0 },
  });
  second.addDependency(first);
}
app.synth();
