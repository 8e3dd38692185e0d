"""Staff accounts: login, second factors, idle timeout, roles and their audit log."""
