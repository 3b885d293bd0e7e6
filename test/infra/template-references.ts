/**
 * What the values of CloudFormation templates refer to, over the borders of stacks, as one text: `Stack.LogicalId` for a `Ref`,
 * `Stack.LogicalId.Attribute` for a `Fn::GetAtt`. Owns the reading of references alone.
 */
type TemplateResource = {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties are whatever CloudFormation takes
  readonly Properties?: any;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly Metadata?: any;
  readonly DeletionPolicy?: string;
};

export type StackTemplate = {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
};

export type Templates = ReadonlyMap<string, StackTemplate>;

/** A resource and where it stands. */
export type PlacedResource = TemplateResource & { readonly stack: string; readonly id: string; readonly key: string };

/** Every resource of one of these types. */
export function resourcesOf(templates: Templates, ...types: readonly string[]): readonly PlacedResource[] {
  return [...templates].flatMap(([stack, template]) =>
    Object.entries(template.Resources)
      .filter(([, resource]) => types.includes(resource.Type))
      .map(([id, resource]) => ({ ...resource, stack, id, key: `${stack}.${id}` })),
  );
}

/** The value as text, with references as `Stack.LogicalId[.Attribute]` and the account's own as `<Region>` and the like. */
export function toReference(templates: Templates, stack: string, value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.map((each) => toReference(templates, stack, each)).join(",");
  const [[name, argument] = ["", undefined]] = Object.entries(value);
  switch (name) {
    case "Ref":
      return String(argument).startsWith("AWS::") ? `<${String(argument).slice(5)}>` : `${stack}.${argument}`;
    case "Fn::GetAtt":
      return `${stack}.${argument[0]}.${argument[1]}`;
    case "Fn::Join":
      return argument[1].map((each: unknown) => toReference(templates, stack, each)).join(argument[0]);
    case "Fn::Sub":
      return String(argument).replaceAll(/\$\{(?:AWS::)?([^}]+)\}/g, "<$1>");
    case "Fn::Select":
      return `${toReference(templates, stack, argument[1])}[${argument[0]}]`;
    case "Fn::GetAZs":
      return "<Zones>";
    case "Fn::GetStackOutput": {
      const output = templates.get(argument.StackName)?.Outputs?.[argument.OutputName];
      if (output === undefined) throw new Error(`${argument.StackName} must have the output ${argument.OutputName}`);
      return toReference(templates, argument.StackName, output.Value);
    }
    default:
      throw new Error(`${stack} has ${name}, which is not known here`);
  }
}
