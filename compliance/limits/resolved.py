"""Templates with every reference resolved, as long as CloudFormation would make it."""

import re
from collections.abc import Mapping
from typing import Any

from compliance.limits import names
from compliance.limits.names import UUID, LimitsError, Site
from compliance.templates import Template, Templates


class Resolved:
    """All templates of one assembly, as the account would hold them."""

    def __init__(self, templates: Templates, site: Site) -> None:
        self.site = site
        self._sources = templates
        self._exports = {
            str(output["Export"]["Name"]): (stack, output["Value"])
            for stack, template in templates.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }

    def templates(self) -> dict[str, Template]:
        """Give every template with the properties of its resources resolved."""
        return {stack: self._template(stack) for stack in self._sources}

    def value(self, stack: str, value: object) -> Any:  # noqa: ANN401 - whatever a template may hold
        """Resolve one value of a stack's template.

        Raises:
            LimitsError: It holds a reference or a function that isn't known.
        """
        if isinstance(value, list):
            return [self.value(stack, each) for each in value if each != {"Ref": "AWS::NoValue"}]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            [(function, argument)] = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._function(stack, function, argument)
        return {key: self.value(stack, each) for key, each in value.items() if each != {"Ref": "AWS::NoValue"}}

    def name(self, stack: str, logical_id: str) -> str:
        """Give a resource's name."""
        body = self._sources[stack]["Resources"][logical_id]
        properties = body.get("Properties", {})
        given = self.value(stack, properties.get(names.naming_property(body["Type"]), ""))
        return names.name(body["Type"], properties, given, stack=stack, logical_id=logical_id)

    def _template(self, stack: str) -> Template:
        source = self._sources[stack]
        bodies = {
            logical_id: {**body, "Properties": self.value(stack, body.get("Properties", {}))}
            for logical_id, body in source["Resources"].items()
        }
        return {**source, "Resources": bodies}

    def _function(self, stack: str, function: str, argument: Any) -> Any:  # noqa: ANN401 - the same
        match function, argument:
            case "Ref", str(name):
                return self._ref(stack, name)
            case "Fn::GetAtt", [str(logical_id), str(attribute)]:
                return names.attribute(self._named(stack, logical_id), attribute, self.site)
            case "Fn::ImportValue", name:
                owner, value = self._exports[str(self.value(stack, name))]
                return self.value(owner, value)
            case "Fn::Join", [str(delimiter), parts]:
                return delimiter.join(str(each) for each in self.value(stack, parts))
            case "Fn::Split", [str(delimiter), whole]:
                return str(self.value(stack, whole)).split(delimiter)
            case "Fn::Select", [index, parts]:
                return self.value(stack, parts)[int(index)]
        raise LimitsError(f"{stack} uses {function}, which compliance/limits/resolved.py doesn't know; teach it")

    def _ref(self, stack: str, name: str) -> Any:  # noqa: ANN401 - the same
        site = self.site
        pseudo = {
            "AWS::AccountId": site.account,
            "AWS::Partition": site.partition,
            "AWS::Region": site.region,
            "AWS::StackId": f"arn:{site.partition}:cloudformation:{site.region}:{site.account}:stack/{stack}/{UUID}",
            "AWS::StackName": stack,
            "AWS::URLSuffix": site.suffix,
        }
        if name in pseudo:
            return pseudo[name]
        if parameter := self._sources[stack].get("Parameters", {}).get(name):
            return longest(parameter["AllowedPattern"]) if "AllowedPattern" in parameter else parameter["Default"]
        return names.reference(self._named(stack, name), site)

    def _named(self, stack: str, logical_id: str) -> names.Named:
        body = self._sources[stack]["Resources"][logical_id]
        path = body.get("Properties", {}).get("Path", "/")
        name = self.name(stack, logical_id)
        return names.Named(kind=body["Type"], name=name, path=path, place=f"{stack}/{logical_id}")


def longest(pattern: str) -> str:
    """Give the longest text of a parameter's pattern: the last alternative, each `[...]{m,n}` filled with n zeros."""
    last = pattern.rpartition("^")[2].rstrip("$")
    return re.sub(r"\[[^]]*\]\{(?:\d+,)?(\d+)\}", lambda counted: "0" * int(counted[1]), last)
