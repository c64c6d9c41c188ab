-- The two accounts of PostgreSQL, in a database named lms: lms_owner owns the tables and changes them (lms db upgrade),
-- lms serves (web processes and workers). For psql, as an administrator, once.
\set owner_password `cat /run/secrets/owner-password`
\set service_password `cat /run/secrets/service-password`
CREATE ROLE lms_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE lms LOGIN PASSWORD :'service_password';
ALTER DATABASE lms OWNER TO lms_owner;
REVOKE ALL ON DATABASE lms FROM PUBLIC;
GRANT CONNECT ON DATABASE lms TO lms;
