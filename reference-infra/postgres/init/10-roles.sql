-- Who may log in, and how often at once. The passwords come from the environment of the container; the server stores SCRAM secrets.
\getenv api_password AGENTFLOW_API_PASSWORD
\getenv exporter_password EXPORTER_PASSWORD

CREATE ROLE agentflow_owner NOLOGIN;
CREATE ROLE agentflow_api LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 60 PASSWORD :'api_password';
-- The exporter sees statistics and no rows.
CREATE ROLE agentflow_exporter LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 5 PASSWORD :'exporter_password';
GRANT pg_monitor TO agentflow_exporter;

ALTER ROLE agentflow_api SET statement_timeout = '30s';
ALTER ROLE agentflow_api SET idle_in_transaction_session_timeout = '60s';

REVOKE ALL ON DATABASE agentflow FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE agentflow TO agentflow_api, agentflow_exporter;
