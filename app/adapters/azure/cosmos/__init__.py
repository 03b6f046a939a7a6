"""Records, jobs, passages and the audit trail in Azure Cosmos DB for NoSQL."""
