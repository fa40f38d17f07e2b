-- Who may log in, and how often at once. The passwords come from the environment of the container; the server stores SCRAM secrets.
\getenv api_password AGENTFLOW_API_PASSWORD

CREATE ROLE agentflow_owner NOLOGIN;
CREATE ROLE agentflow_api LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 60 PASSWORD :'api_password';

ALTER ROLE agentflow_api SET statement_timeout = '30s';
ALTER ROLE agentflow_api SET idle_in_transaction_session_timeout = '60s';

REVOKE ALL ON DATABASE agentflow FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE agentflow TO agentflow_api;
