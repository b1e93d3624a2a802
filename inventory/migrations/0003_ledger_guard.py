"""The database refuses what the ledger must never see, whoever asks.

Each statement is sent by itself, as distributed engines need it. The functions live in the farm's own schema and name it, so they work whatever the search path.
"""

from django.db import migrations

REFUSE = [
    """
CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger only grows: % refused', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'post a reversal instead';
END
$$
""",
    """
CREATE TRIGGER ledger_rows_stay BEFORE UPDATE OR DELETE ON inventory_inventorytransaction
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()
""",
    """
CREATE TRIGGER ledger_stays BEFORE TRUNCATE ON inventory_inventorytransaction
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()
""",
]

# A writer that lost, or never took, the lock of a spool waits for it here, and is refused when another
# entry came first: as a conflict of transactions, which the program tries again from the start.
NEXT = [
    """
CREATE FUNCTION require_next_of_ledger() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
    last record;
BEGIN
    PERFORM FROM inventory_spool WHERE id = NEW.spool_id FOR NO KEY UPDATE;
    SELECT id, balance_grams, created_at INTO last FROM (
        SELECT spool_id, id, balance_grams, created_at FROM inventory_inventorytransaction
        WHERE (spool_id, id) <= (NEW.spool_id, 9223372036854775807)
        ORDER BY spool_id DESC, id DESC LIMIT 1
    ) AS found WHERE spool_id = NEW.spool_id;
    IF NEW.balance_grams IS DISTINCT FROM coalesce(last.balance_grams, 0) + NEW.grams
            OR NEW.id < last.id
            OR NEW.created_at < last.created_at
            AND (NEW.grams, NEW.reason) <> (0, 'clock_corrected') THEN
        RAISE EXCEPTION 'spool % has % g as of %: % g of % to % g do not follow', NEW.spool_id,
            coalesce(last.balance_grams, 0), last.created_at, NEW.grams, NEW.created_at,
            NEW.balance_grams USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NEW;
END
$$
""",
    """
CREATE TRIGGER ledger_goes_on BEFORE INSERT ON inventory_inventorytransaction
    FOR EACH ROW EXECUTE FUNCTION require_next_of_ledger()
""",
]

# Deferred: within the transaction the balance may be written before or after its entries.
# A plan for it is kept by the connection, and one made while the ledger was small would read all of
# it for each spool of a large import. So it is asked in the one way that the index by spool and id
# answers with a single row, and the small table is not to be read as a whole either.
BALANCE = [
    """
CREATE FUNCTION require_balance_of_ledger() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
    spool_book numeric;
    ledger_book numeric;
BEGIN
    SELECT remaining_grams INTO spool_book FROM inventory_spool WHERE id = NEW.id;
    SELECT balance_grams INTO ledger_book FROM (
        SELECT spool_id, balance_grams FROM inventory_inventorytransaction
        WHERE (spool_id, id) <= (NEW.id, 9223372036854775807)
        ORDER BY spool_id DESC, id DESC LIMIT 1
    ) AS last WHERE spool_id = NEW.id;
    IF spool_book IS DISTINCT FROM coalesce(ledger_book, 0) AND spool_book IS NOT NULL THEN
        RAISE EXCEPTION 'spool % has % g but its ledger says % g', NEW.id, spool_book, ledger_book
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$
""",
    """
CREATE CONSTRAINT TRIGGER spool_balance_is_of_ledger
    AFTER INSERT OR UPDATE OF remaining_grams ON inventory_spool
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION require_balance_of_ledger()
""",
]

UNDO_REFUSE = "DROP FUNCTION refuse_ledger_change() CASCADE"
UNDO_NEXT = "DROP FUNCTION require_next_of_ledger() CASCADE"
UNDO_BALANCE = "DROP FUNCTION require_balance_of_ledger() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_initial")]

    operations = [
        migrations.RunSQL(REFUSE, UNDO_REFUSE),
        migrations.RunSQL(NEXT, UNDO_NEXT),
        migrations.RunSQL(BALANCE, UNDO_BALANCE),
    ]
