-- The tables belong to a role that nobody logs in as; the application gets rows, and nothing else.
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;

CREATE SCHEMA agentflow AUTHORIZATION agentflow_owner;
SET ROLE agentflow_owner;

CREATE TABLE agentflow.user_memories (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id uuid NOT NULL,
    content text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX user_memories_of_user ON agentflow.user_memories (user_id);

GRANT USAGE ON SCHEMA agentflow TO agentflow_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA agentflow TO agentflow_api;
ALTER DEFAULT PRIVILEGES IN SCHEMA agentflow GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO agentflow_api;
RESET ROLE;
