"""How a farm writes its time zone and locale into its own row of ``tenants_tenant``, and no more.

The schema ``farms`` holds what farms' roles may reach outside of their own schemas: this function.
A caller may write the rows of those farms whose schema it has access to: a farm's role has one.
Inside the function ``current_user`` is its owner; the setting ``role`` is what SET ROLE set.
"""

from django.db import migrations

COPY_SETTINGS = """
CREATE SCHEMA farms;
CREATE FUNCTION farms.copy_settings(farm text, farm_timezone text, farm_locale text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    caller text := coalesce(nullif(current_setting('role'), 'none'), session_user);
BEGIN
    IF NOT has_schema_privilege(caller, quote_ident(farm), 'USAGE') THEN
        RAISE insufficient_privilege
            USING MESSAGE = format('%s may not write the settings of %s', caller, farm);
    END IF;
    UPDATE public.tenants_tenant SET timezone = farm_timezone, locale = farm_locale
    WHERE schema_name = farm AND (timezone, locale) IS DISTINCT FROM (farm_timezone, farm_locale);
END $$;
REVOKE ALL ON FUNCTION farms.copy_settings FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]
    operations = [migrations.RunSQL(COPY_SETTINGS, "DROP SCHEMA farms CASCADE")]
