"""What people look at in the portal: Grafana boards and workbooks, as `dashboards/` holds them."""

import re
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import applicationinsights, dashboard

from eva_infra.context import Context, child
from eva_infra.dashboards import Board, Workbook
from eva_infra.naming import guid


@dataclass(frozen=True, kw_only=True)
class BoardsArgs:
    """What is shown, and the workspace that all of it asks."""

    boards: tuple[Board, ...]
    workbooks: tuple[Workbook, ...]
    workspace: pulumi.Output[str]


class Boards(pulumi.ComponentResource):
    """One dashboard for each board, one workbook for each workbook; nothing is left to fill in."""

    def __init__(self, ctx: Context, args: BoardsArgs) -> None:
        super().__init__("eva:observability:Boards", "boards")
        self._ctx = ctx
        for board in args.boards:
            self._board(board, args.workspace)
        for workbook in args.workbooks:
            self._workbook(workbook, args.workspace)
        self.register_outputs({})

    def _board(self, board: Board, workspace: pulumi.Output[str]) -> None:
        role = re.sub(r"[^a-z0-9]", "", board.name.casefold())[:8]
        made = dashboard.Dashboard(
            f"board-{board.name}",
            dashboard_name=self._ctx.name("dash", role),
            resource_group_name=self._ctx.group,
            location=self._ctx.settings.location,
            tags=self._ctx.tags,
            opts=child(self),
        )
        dashboard.DashboardDefinition(
            f"panels-{board.name}",
            definition_name="default",
            dashboard_name=made.name,
            resource_group_name=self._ctx.group,
            properties=dashboard.DashboardDefinitionPropertiesArgs(
                serialized_data=workspace.apply(board.asking)
            ),
            opts=child(self),
        )

    def _workbook(self, workbook: Workbook, workspace: pulumi.Output[str]) -> None:
        applicationinsights.Workbook(
            f"workbook-{workbook.name}",
            resource_name_=guid(self._ctx.settings.environment, "workbook", workbook.name),
            resource_group_name=self._ctx.group,
            location=self._ctx.settings.location,
            kind=applicationinsights.WorkbookSharedTypeKind.SHARED,
            category="workbook",
            display_name=f"EVA API: {workbook.name.replace('-', ' ')}",
            source_id=workspace,
            serialized_data=workspace.apply(workbook.asking),
            version="Notebook/1.0",
            tags=self._ctx.tags,
            opts=child(self),
        )
