"""The policy pack: `pulumi preview --policy-pack policy`. Building it starts a server."""

from pulumi_policy import PolicyPack

from policy.policies import POLICIES

PolicyPack(name="eva-api", policies=list(POLICIES))
