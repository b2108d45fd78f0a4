-- The node's SQLite database as it was with schema 3, the last that was only a number; one row in two of its tables.
BEGIN TRANSACTION;
CREATE TABLE account (
	account VARCHAR NOT NULL,
	position BIGINT NOT NULL,
	PRIMARY KEY (account)
);
CREATE TABLE account_key (
	"key" VARCHAR NOT NULL,
	account VARCHAR NOT NULL,
	scopes INTEGER NOT NULL,
	not_before BIGINT NOT NULL,
	not_after BIGINT NOT NULL,
	revoked_at INTEGER,
	PRIMARY KEY ("key")
);
CREATE TABLE alert (
	sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	rule VARCHAR NOT NULL,
	gtin VARCHAR NOT NULL,
	serial VARCHAR NOT NULL,
	pair VARCHAR NOT NULL,
	created_at INTEGER NOT NULL,
	contradictions INTEGER NOT NULL,
	content VARCHAR NOT NULL,
	content_hash BLOB NOT NULL,
	salt BLOB NOT NULL,
	commitment BLOB NOT NULL,
	state VARCHAR NOT NULL,
	reason VARCHAR,
	tx_hash VARCHAR,
	block INTEGER,
	UNIQUE (kind, gtin, serial, pair),
	UNIQUE (id),
	UNIQUE (commitment)
);
CREATE TABLE alert_contradiction (
	sequence INTEGER NOT NULL,
	contradiction VARCHAR NOT NULL,
	PRIMARY KEY (sequence, contradiction),
	FOREIGN KEY(sequence) REFERENCES alert (sequence)
);
CREATE TABLE api_key (
	id VARCHAR NOT NULL,
	secret_hash VARCHAR NOT NULL,
	label VARCHAR NOT NULL,
	account VARCHAR NOT NULL,
	permissions VARCHAR NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	revoked_at BIGINT,
	PRIMARY KEY (id)
);
CREATE TABLE block (
	number INTEGER NOT NULL,
	hash VARCHAR NOT NULL,
	time INTEGER NOT NULL,
	PRIMARY KEY (number)
);
CREATE TABLE chain_alert (
	alert_id INTEGER NOT NULL,
	raised_by VARCHAR,
	commitment BLOB,
	content_hash BLOB,
	kind VARCHAR,
	subject BLOB,
	tx_hash VARCHAR NOT NULL,
	block INTEGER NOT NULL,
	time INTEGER NOT NULL,
	PRIMARY KEY (alert_id)
);
CREATE TABLE chain_head (
	id INTEGER NOT NULL,
	chain_id BIGINT NOT NULL,
	genesis_hash VARCHAR NOT NULL,
	trust_registry VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	hash VARCHAR NOT NULL,
	time INTEGER NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE chip_keys (
	series BIGINT NOT NULL,
	sealed BLOB NOT NULL,
	received_at BIGINT NOT NULL,
	PRIMARY KEY (series)
);
CREATE TABLE chip_tap (
	gtin VARCHAR NOT NULL,
	serial VARCHAR NOT NULL,
	counter INTEGER NOT NULL,
	tapped_at BIGINT NOT NULL,
	tapper VARCHAR NOT NULL,
	before_at BIGINT,
	before_tapper VARCHAR,
	PRIMARY KEY (gtin, serial)
);
CREATE TABLE claim (
	series INTEGER NOT NULL,
	item_index INTEGER NOT NULL,
	claimed BOOLEAN NOT NULL,
	turn BIGINT NOT NULL,
	claim_key VARCHAR,
	PRIMARY KEY (series, item_index)
);
CREATE TABLE contradiction (
	id INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	gtin VARCHAR NOT NULL,
	serial VARCHAR NOT NULL,
	rule VARCHAR NOT NULL,
	first VARCHAR NOT NULL,
	second VARCHAR NOT NULL,
	distance_km FLOAT NOT NULL,
	minutes FLOAT NOT NULL,
	confirmed BOOLEAN NOT NULL,
	dismissed BOOLEAN NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (id),
	UNIQUE ("key")
);
CREATE TABLE coverage (
	brand VARCHAR NOT NULL,
	number BIGINT NOT NULL,
	token VARCHAR NOT NULL,
	received_at BIGINT NOT NULL,
	PRIMARY KEY (brand)
);
CREATE TABLE credential_key (
	account VARCHAR NOT NULL,
	x BLOB NOT NULL,
	y BLOB NOT NULL,
	valid_from BIGINT NOT NULL,
	valid_until BIGINT NOT NULL,
	revoked_since INTEGER,
	PRIMARY KEY (account, x, y)
);
CREATE TABLE desk_link (
	code_hash VARCHAR NOT NULL,
	desk VARCHAR NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (code_hash)
);
CREATE TABLE discrepancy (
	position BIGINT NOT NULL,
	handover BLOB NOT NULL,
	giver VARCHAR NOT NULL,
	receiver VARCHAR NOT NULL,
	missing BIGINT NOT NULL,
	exceptions BLOB NOT NULL,
	time INTEGER NOT NULL,
	PRIMARY KEY (position)
);
CREATE TABLE flag_run (
	series INTEGER NOT NULL,
	flag INTEGER NOT NULL,
	authority VARCHAR NOT NULL,
	first_index INTEGER NOT NULL,
	last_index INTEGER NOT NULL,
	PRIMARY KEY (series, flag, authority, first_index)
);
CREATE TABLE handed_over (
	position BIGINT NOT NULL,
	handover BLOB NOT NULL,
	giver VARCHAR NOT NULL,
	receiver VARCHAR NOT NULL,
	items_handed BIGINT NOT NULL,
	items_taken BIGINT NOT NULL,
	purpose INTEGER NOT NULL,
	event_time BIGINT NOT NULL,
	document BLOB NOT NULL,
	time INTEGER NOT NULL,
	PRIMARY KEY (position)
);
CREATE TABLE host (
	brand VARCHAR NOT NULL,
	host VARCHAR NOT NULL,
	PRIMARY KEY (brand, host)
);
CREATE TABLE label_key (
	brand VARCHAR NOT NULL,
	x BLOB NOT NULL,
	y BLOB NOT NULL,
	valid_from BIGINT NOT NULL,
	valid_until BIGINT NOT NULL,
	revoked_since INTEGER,
	PRIMARY KEY (brand, x, y)
);
CREATE TABLE licence (
	position BIGINT NOT NULL,
	mark VARCHAR NOT NULL,
	licensee VARCHAR NOT NULL,
	until BIGINT NOT NULL,
	ended BIGINT,
	PRIMARY KEY (position)
);
CREATE TABLE mark (
	id INTEGER NOT NULL,
	mark VARCHAR NOT NULL,
	office VARCHAR NOT NULL,
	holder VARCHAR NOT NULL,
	credential_hash BLOB NOT NULL,
	valid_from BIGINT NOT NULL,
	valid_until BIGINT NOT NULL,
	recorded BIGINT NOT NULL,
	held_since BIGINT NOT NULL,
	replaced BIGINT,
	PRIMARY KEY (id)
);
CREATE TABLE mark_status (
	position BIGINT NOT NULL,
	mark VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	time INTEGER NOT NULL,
	PRIMARY KEY (position)
);
CREATE TABLE moved (
	position BIGINT NOT NULL,
	series INTEGER NOT NULL,
	first_index INTEGER NOT NULL,
	last_index INTEGER NOT NULL,
	giver VARCHAR NOT NULL,
	receiver VARCHAR NOT NULL,
	module VARCHAR NOT NULL,
	ref BLOB NOT NULL,
	time INTEGER NOT NULL,
	PRIMARY KEY (position)
);
CREATE TABLE packed_item (
	gtin VARCHAR NOT NULL,
	serial VARCHAR NOT NULL,
	series INTEGER NOT NULL,
	segment INTEGER NOT NULL,
	item_index INTEGER NOT NULL,
	salt BLOB NOT NULL,
	claim BLOB,
	chip BLOB,
	PRIMARY KEY (gtin, serial)
)
 WITHOUT ROWID

;
CREATE TABLE packing_list (
	series INTEGER NOT NULL,
	first_index INTEGER NOT NULL,
	items INTEGER NOT NULL,
	root BLOB NOT NULL,
	passport BLOB NOT NULL,
	received_at INTEGER NOT NULL,
	PRIMARY KEY (series, first_index)
);
CREATE TABLE passport_correction (
	passport BLOB NOT NULL,
	number INTEGER NOT NULL,
	token VARCHAR NOT NULL,
	received_at INTEGER NOT NULL,
	PRIMARY KEY (passport, number)
);
CREATE TABLE prefix (
	digits VARCHAR NOT NULL,
	brand VARCHAR NOT NULL,
	position BIGINT NOT NULL,
	PRIMARY KEY (digits)
);
CREATE TABLE role_entry (
	id INTEGER NOT NULL,
	account VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	level INTEGER NOT NULL,
	accreditor VARCHAR NOT NULL,
	valid_from BIGINT NOT NULL,
	valid_until BIGINT NOT NULL,
	granted BIGINT NOT NULL,
	ended BIGINT,
	PRIMARY KEY (id)
);
CREATE TABLE role_suspension (
	position BIGINT NOT NULL,
	account VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	until BIGINT NOT NULL,
	lifted BIGINT,
	PRIMARY KEY (position)
);
CREATE TABLE run (
	series INTEGER NOT NULL,
	first_index INTEGER NOT NULL,
	last_index INTEGER NOT NULL,
	holder VARCHAR NOT NULL,
	PRIMARY KEY (series, first_index)
);
CREATE TABLE scan (
	id VARCHAR NOT NULL,
	gtin VARCHAR NOT NULL,
	serial VARCHAR NOT NULL,
	raw VARCHAR NOT NULL,
	occurred_at INTEGER NOT NULL,
	received_at INTEGER NOT NULL,
	latitude FLOAT,
	longitude FLOAT,
	accuracy_metres FLOAT,
	source VARCHAR,
	evidence VARCHAR NOT NULL,
	account VARCHAR,
	"key" VARCHAR,
	nonce BLOB,
	statement BLOB,
	device VARCHAR,
	network VARCHAR NOT NULL,
	verdict VARCHAR NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (account, nonce)
);
CREATE TABLE segment (
	series INTEGER NOT NULL,
	first_index INTEGER NOT NULL,
	last_index INTEGER NOT NULL,
	root BLOB NOT NULL,
	lot VARCHAR NOT NULL,
	expiry BIGINT NOT NULL,
	passport BLOB NOT NULL,
	holder VARCHAR NOT NULL,
	commissioned_at INTEGER NOT NULL,
	position BIGINT NOT NULL,
	PRIMARY KEY (series, first_index)
);
CREATE TABLE series (
	series INTEGER NOT NULL,
	gtin VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	ceiling INTEGER NOT NULL,
	closed BOOLEAN NOT NULL,
	position BIGINT NOT NULL,
	PRIMARY KEY (series),
	UNIQUE (gtin, number)
);
CREATE TABLE series_mark (
	series INTEGER NOT NULL,
	place INTEGER NOT NULL,
	mark VARCHAR NOT NULL,
	PRIMARY KEY (series, place)
);
CREATE TABLE session (
	id_hash VARCHAR NOT NULL,
	desk VARCHAR NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	PRIMARY KEY (id_hash)
);
CREATE TABLE signal_overflow (
	gtin VARCHAR NOT NULL,
	serial VARCHAR NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (gtin, serial)
);
CREATE TABLE unit (
	account VARCHAR NOT NULL,
	unit VARCHAR NOT NULL,
	holder VARCHAR NOT NULL,
	since BIGINT NOT NULL,
	PRIMARY KEY (account),
	UNIQUE (unit)
);
CREATE TABLE unit_hold (
	account VARCHAR NOT NULL,
	measure INTEGER NOT NULL,
	PRIMARY KEY (account, measure)
);
CREATE TABLE used_challenge (
	challenge BLOB NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (challenge)
);
CREATE TABLE used_log_in (
	id VARCHAR NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX ix_account_key_account ON account_key (account);
CREATE INDEX role_entry_of ON role_entry (account, role);
CREATE INDEX role_suspension_of ON role_suspension (account, role, position);
CREATE INDEX ix_mark_mark ON mark (mark);
CREATE INDEX licence_of ON licence (mark, licensee, position);
CREATE INDEX mark_status_of ON mark_status (mark, position);
CREATE INDEX ix_segment_passport ON segment (passport);
CREATE INDEX ix_run_holder ON run (holder);
CREATE INDEX ix_unit_hold_measure ON unit_hold (measure);
CREATE INDEX moved_to ON moved (series, receiver, first_index);
CREATE INDEX ix_handed_over_handover ON handed_over (handover);
CREATE INDEX ix_discrepancy_handover ON discrepancy (handover);
CREATE INDEX ix_chain_alert_commitment ON chain_alert (commitment);
CREATE INDEX ix_session_expires_at ON session (expires_at);
CREATE INDEX ix_desk_link_expires_at ON desk_link (expires_at);
CREATE INDEX ix_used_log_in_expires_at ON used_log_in (expires_at);
CREATE INDEX ix_alert_state ON alert (state);
CREATE INDEX scan_placed ON scan (gtin, serial, evidence, occurred_at) WHERE latitude IS NOT NULL;
CREATE INDEX scan_signed ON scan (gtin, serial, account, occurred_at) WHERE evidence = 'A' AND latitude IS NOT NULL;
CREATE INDEX contradiction_of ON contradiction (gtin, serial, confirmed);
CREATE INDEX ix_used_challenge_expires_at ON used_challenge (expires_at);
INSERT INTO alert (sequence, id, kind, rule, gtin, serial, pair, created_at, contradictions, content, content_hash, salt,
 commitment, state) VALUES (7, 'A7', 'clone', 'impossible-travel', '09521234000013', 'S1', '52,4-1,104', 1790000000, 1, '{}',
 X'0102', X'03', X'04', 'pending');
INSERT INTO api_key VALUES ('K1', 'hash', 'ERP', '0x52908400098527886E0F7030069857D2E4169EE7', 'alerts:read', 1790000000,
 1800000000, NULL);
COMMIT;
PRAGMA user_version = 3;
