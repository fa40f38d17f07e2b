ALTER TABLE agentflow.user_memories DROP COLUMN source;
