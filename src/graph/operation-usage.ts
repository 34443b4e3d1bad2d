import {
  type DocumentNode,
  getNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/**
 * What of a schema an operation depends on, as schema coordinates: `Post`, `Post.title`, `Query.posts.first`,
 * `PostStatus.DRAFT`, `@include`. What comes in a variable counts whole, since its value is known only when it is sent.
 */
export function coordinatesOf(schema: GraphQLSchema, document: DocumentNode): ReadonlySet<string> {
  const used = new Set<string>();
  const whole = new Set<string>();
  const info = new TypeInfo(schema);

  const addWhole = (name: string): void => {
    if (whole.has(name)) return;
    whole.add(name);
    used.add(name);
    const type = schema.getType(name);
    if (isEnumType(type)) for (const value of type.getValues()) used.add(`${name}.${value.name}`);
    if (!isInputObjectType(type)) return;
    for (const field of Object.values(type.getFields())) {
      used.add(`${name}.${field.name}`);
      addWhole(getNamedType(field.type).name);
    }
  };
  const addOutput = (output: GraphQLOutputType): void => {
    const type = getNamedType(output);
    used.add(type.name);
    // Any of its values may come in an answer.
    if (isEnumType(type)) addWhole(type.name);
    if (isAbstractType(type)) for (const one of schema.getPossibleTypes(type)) used.add(one.name);
  };

  visit(
    document,
    visitWithTypeInfo(info, {
      OperationDefinition() {
        const root = info.getType();
        if (root) used.add(getNamedType(root).name);
      },
      Field() {
        const [parent, field] = [info.getParentType(), info.getFieldDef()];
        if (!parent || !field) return;
        const owners = isAbstractType(parent) ? [parent, ...schema.getPossibleTypes(parent)] : [parent];
        for (const owner of owners) used.add(owner.name).add(`${owner.name}.${field.name}`);
        addOutput(field.type);
      },
      Argument() {
        const [argument, directive] = [info.getArgument(), info.getDirective()];
        if (!argument) return;
        const [parent, field] = [info.getParentType(), info.getFieldDef()];
        if (directive) used.add(`@${directive.name}.${argument.name}`);
        else if (parent && field) used.add(`${parent.name}.${field.name}.${argument.name}`);
        used.add(getNamedType(argument.type).name);
      },
      ObjectField({ name }) {
        const parent = info.getParentInputType();
        if (!parent) return;
        used.add(getNamedType(parent).name).add(`${getNamedType(parent).name}.${name.value}`);
        const type = info.getInputType();
        if (type) used.add(getNamedType(type).name);
      },
      EnumValue({ value }) {
        const type = info.getInputType();
        if (type) used.add(getNamedType(type).name).add(`${getNamedType(type).name}.${value}`);
      },
      Directive({ name }) {
        used.add(`@${name.value}`);
      },
      // Of variables and of fragments.
      NamedType({ name }) {
        const type = schema.getType(name.value);
        if (isAbstractType(type)) addOutput(type);
        addWhole(name.value);
      },
    }),
  );
  return used;
}
