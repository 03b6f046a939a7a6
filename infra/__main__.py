"""What `pulumi` runs: the stack that is selected."""

from eva_infra.program import deploy

deploy()
