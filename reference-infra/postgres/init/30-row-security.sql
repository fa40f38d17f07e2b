-- Each user sees his own rows. The application says who it is with `SET LOCAL app.current_user_id = '...'` in each transaction:
-- behind PgBouncer in transaction mode a plain SET would stay for the next client. Where nothing is set, no row is visible.
ALTER TABLE agentflow.user_memories ENABLE ROW LEVEL SECURITY;
ALTER TABLE agentflow.user_memories FORCE ROW LEVEL SECURITY;
CREATE POLICY user_isolation ON agentflow.user_memories
    USING (user_id = nullif(current_setting('app.current_user_id', true), '')::uuid)
    WITH CHECK (user_id = nullif(current_setting('app.current_user_id', true), '')::uuid);
