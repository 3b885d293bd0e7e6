/**
 * The values of CloudFormation templates: `Ref` and the `Fn::` functions, within a stack and across stacks.
 * Owns their evaluation, lazily, since most of a template (policies, assets) means nothing here. What cannot be
 * evaluated is an `InputError` that names the place.
 */
import { InputError } from "../../core/errors.ts";
import { attributeOf, generatedName, LOCAL_ACCOUNT, LOCAL_REGION, nameProperty, refOf } from "./resource-identity.ts";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

type TemplateResource = {
  readonly Type: string;
  readonly Properties: JsonObject;
  readonly Metadata: JsonObject;
};

export type Template = {
  readonly stack: string;
  readonly resources: ReadonlyMap<string, TemplateResource>;
  readonly outputs: ReadonlyMap<string, { readonly value: Json; readonly exportName: Json | undefined }>;
};

/** Chains of references longer than this are circles. */
const DEPTH_MAX = 50;

/** Removes the property it stands for, as CloudFormation does. */
const NO_VALUE = Symbol("AWS::NoValue");

export class TemplateValues {
  readonly #templates: ReadonlyMap<string, Template>;
  readonly #sqsUrl: string;

  /** `templates` by stack name; `sqsUrl` is the address of the queue server, which queue URLs begin with. */
  constructor(templates: ReadonlyMap<string, Template>, sqsUrl: string) {
    this.#templates = templates;
    this.#sqsUrl = sqsUrl;
  }

  /** The value with every function in it evaluated. `where` names it in errors. */
  resolve(value: Json, template: Template, where: string): Json {
    const resolved = this.#resolve(value, { template, where, depth: 0 });
    return resolved === NO_VALUE ? null : resolved;
  }

  /** The physical name of a resource: the template's, or a made-up one that is the same in every run. */
  nameOf(template: Template, logicalId: string): string {
    return this.#nameOf(logicalId, { template, where: logicalId, depth: 0 });
  }

  #resolve(value: Json, place: Place): Json | typeof NO_VALUE {
    if (place.depth > DEPTH_MAX) throw fault(place, "a value without circular references", value);
    if (value === null || typeof value !== "object") return value;
    if (isArray(value)) {
      return value.map((item) => this.#resolve(item, place)).filter((item) => item !== NO_VALUE);
    }
    const [key, argument, ...rest] = Object.entries(value).flat();
    if (typeof key === "string" && rest.length === 0 && argument !== undefined && isFunctionName(key)) {
      return this.#call(key, argument, { ...place, depth: place.depth + 1 });
    }
    const result: Record<string, Json> = {};
    for (const [name, item] of Object.entries(value)) {
      const resolved = this.#resolve(item, place);
      if (resolved !== NO_VALUE) result[name] = resolved;
    }
    return result;
  }

  #call(name: string, argument: Json, place: Place): Json | typeof NO_VALUE {
    switch (name) {
      case "Ref":
        return this.#ref(text(argument, place), place);
      case "Fn::GetAtt":
        return this.#attribute(argument, place);
      case "Fn::Join":
        return this.#join(argument, place);
      case "Fn::Sub":
        return this.#substitute(argument, place);
      case "Fn::Select":
        return this.#select(argument, place);
      case "Fn::ImportValue":
        return this.#import(text(this.#plain(argument, place), place), place);
      case "Fn::GetStackOutput":
        return this.#stackOutput(argument, place);
      default:
        throw fault(place, "free of functions the local cloud cannot evaluate", name);
    }
  }

  #ref(target: string, place: Place): Json | typeof NO_VALUE {
    if (target === "AWS::NoValue") return NO_VALUE;
    const pseudo = pseudoParameter(target, place.template.stack);
    if (pseudo !== undefined) return pseudo;
    const type = resourceOf(target, place).Type;
    const value = refOf(type, this.#nameOf(target, place), this.#sqsUrl);
    if (value === undefined) throw fault(place, "a reference to a kind of resource known here", `${target} (${type})`);
    return value;
  }

  #attribute(argument: Json, place: Place): string {
    const parts = typeof argument === "string" ? argument.split(".") : list(argument, place);
    const [logicalId, ...path] = parts.map((part) => text(part, place));
    const attribute = path.join(".");
    const target = logicalId ?? "";
    const type = resourceOf(target, place).Type;
    // A queue's name and address go by attributes of their own.
    if (type === "AWS::SQS::Queue" && attribute === "QueueUrl") return text(this.#plain({ Ref: target }, place), place);
    const value = attributeOf(type, this.#nameOf(target, place), attribute);
    if (value === undefined) throw fault(place, "an attribute known here", `${target}.${attribute} (${type})`);
    return value;
  }

  #join(argument: Json, place: Place): string {
    const [separator, items] = list(argument, place);
    const resolved = list(this.#plain(items ?? null, place), place);
    return resolved.map((item) => text(item, place)).join(text(separator ?? null, place));
  }

  #substitute(argument: Json, place: Place): string {
    const [format, variables] = typeof argument === "string" ? [argument, {}] : list(argument, place);
    const known = object(variables ?? {}, place);
    return text(format ?? null, place).replace(/\$\{(!?)([^}]+)\}/g, (_all, literal: string, name: string) => {
      if (literal === "!") return `\${${name}}`;
      const own = known[name];
      if (own !== undefined) return text(this.#plain(own, place), place);
      return name.includes(".") ? this.#attribute(name, place) : text(this.#plain({ Ref: name }, place), place);
    });
  }

  #select(argument: Json, place: Place): Json {
    const [index, items] = list(argument, place);
    const chosen = list(this.#plain(items ?? null, place), place)[Number(index)];
    if (chosen === undefined) throw fault(place, "an index within its list", argument);
    return chosen;
  }

  #import(exportName: string, place: Place): Json {
    for (const template of this.#templates.values()) {
      for (const output of template.outputs.values()) {
        if (output.exportName === undefined) continue;
        const there = { ...place, template };
        if (this.#plain(output.exportName, there) === exportName) return this.#plain(output.value, there);
      }
    }
    throw fault(place, "an import of what another stack exports", exportName);
  }

  #stackOutput(argument: Json, place: Place): Json {
    const { StackName, OutputName } = object(argument, place);
    const stack = text(this.#plain(StackName ?? null, place), place);
    const name = text(this.#plain(OutputName ?? null, place), place);
    const template = this.#templates.get(stack);
    const output = template?.outputs.get(name);
    if (template === undefined || output === undefined)
      throw fault(place, "an output of another stack", `${stack}.${name}`);
    return this.#plain(output.value, { ...place, template });
  }

  #plain(value: Json, place: Place): Json {
    const resolved = this.#resolve(value, place);
    if (resolved === NO_VALUE) throw fault(place, "a value", "AWS::NoValue");
    return resolved;
  }

  #nameOf(logicalId: string, place: Place): string {
    const resource = resourceOf(logicalId, place);
    const given = resource.Properties[nameProperty(resource.Type) ?? ""];
    if (given === undefined) return generatedName(resource.Type, { stack: place.template.stack, logicalId });
    return text(this.#plain(given, { ...place, depth: place.depth + 1 }), place);
  }
}

type Place = { readonly template: Template; readonly where: string; readonly depth: number };

function isFunctionName(key: string): boolean {
  return key === "Ref" || key.startsWith("Fn::");
}

function isArray(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}

function pseudoParameter(name: string, stack: string): string | undefined {
  switch (name) {
    case "AWS::AccountId":
      return LOCAL_ACCOUNT;
    case "AWS::Region":
      return LOCAL_REGION;
    case "AWS::Partition":
      return "aws";
    case "AWS::URLSuffix":
      return "amazonaws.com";
    case "AWS::StackName":
      return stack;
    case "AWS::StackId":
      return `arn:aws:cloudformation:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stack/${stack}/local`;
    default:
      return undefined;
  }
}

function resourceOf(logicalId: string, place: Place): TemplateResource {
  const resource = place.template.resources.get(logicalId);
  if (resource === undefined) throw fault(place, "a reference to a resource of its stack", logicalId);
  return resource;
}

function text(value: Json, place: Place): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw fault(place, "a text", value);
}

function list(value: Json, place: Place): readonly Json[] {
  if (value !== null && typeof value === "object" && isArray(value)) return value;
  throw fault(place, "a list", value);
}

function object(value: Json, place: Place): JsonObject {
  if (value !== null && typeof value === "object" && !isArray(value)) return value;
  throw fault(place, "an object", value);
}

function fault(place: Place, expected: string, was: unknown): InputError {
  return new InputError({ what: `template ${place.template.stack}: ${place.where}`, expected, was });
}
