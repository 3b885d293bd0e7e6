/**
 * What an emulator does not know, taken out of an app that is deployed to one (`-c emulator=true`) and nowhere else. Owns that list, as
 * MiniStack 1.5.33 has it; what is taken out is left to the tests of the templates.
 */
import type { App, CfnResource } from "aws-cdk-lib";
import { CfnAlarm, CfnCompositeAlarm } from "aws-cdk-lib/aws-cloudwatch";
import { CfnArchive } from "aws-cdk-lib/aws-events";

/** Changes the stacks of the app; to be called once they are whole. */
export function adaptToEmulator(app: App): void {
  for (const each of app.node.findAll()) {
    if (each instanceof CfnCompositeAlarm || each instanceof CfnArchive) remove(each);
    // Alarms on an expression: the alarm stays, on one figure in its place.
    if (each instanceof CfnAlarm && each.metrics !== undefined) standOnOneFigure(each);
  }
}

function remove(resource: CfnResource): void {
  resource.node.scope?.node.tryRemoveChild(resource.node.id);
}

function standOnOneFigure(alarm: CfnAlarm): void {
  alarm.metrics = undefined;
  alarm.namespace = "FlashMM";
  alarm.metricName = "flashmm_orders_placed_total";
  alarm.statistic = "Sum";
  alarm.period = 60;
}
