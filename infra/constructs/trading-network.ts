/**
 * The network of the tasks: two public subnets, no way in, no NAT (it would cost more than all the rest), and DynamoDB and S3 reached
 * without leaving AWS. Owns what the tasks may reach and that nobody reaches them.
 */
import {
  GatewayVpcEndpointAwsService,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { Construct } from "constructs";

export class TradingNetwork extends Construct {
  readonly vpc: IVpc;
  /** No ingress; egress to `ports` alone. Names are resolved by the VPC itself, which no group stands before. */
  readonly group: SecurityGroup;

  constructor(scope: Construct, id: string, ports: readonly number[]) {
    super(scope, id);
    const vpc = new Vpc(this, "Vpc", {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: "public", subnetType: SubnetType.PUBLIC, cidrMask: 26 }],
      gatewayEndpoints: {
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
        S3: { service: GatewayVpcEndpointAwsService.S3 },
      },
      // To empty the default group the CDK would bring a function with rights of its own; nothing here is in that group.
      restrictDefaultSecurityGroup: false,
    });
    // It is one: the CDK's own types do not agree under `exactOptionalPropertyTypes`.
    this.vpc = vpc as IVpc;
    this.group = new SecurityGroup(this, "Group", {
      vpc: this.vpc,
      description: "FlashMM tasks: nothing in, out to the venue, the nodes and AWS",
      allowAllOutbound: false,
    });
    // AWS itself is spoken to over TLS.
    for (const port of new Set([443, ...ports])) {
      this.group.addEgressRule(Peer.anyIpv4(), Port.tcp(port), "nodes, order API, AWS");
    }
  }
}
