ALTER TABLE agentflow.user_memories ADD COLUMN source text;
