-- The index of a workspace: derived from its files, and thrown away whenever this file changes.
-- Running it empties an index that exists, inside whatever transaction is open.

CREATE TYPE IF NOT EXISTS domain AS ENUM ('math', 'code', 'stem', 'logic', 'general');
CREATE TYPE IF NOT EXISTS split AS ENUM ('train', 'held_out');
CREATE TYPE IF NOT EXISTS verdict AS ENUM ('correct', 'incorrect', 'undecided', 'error');

-- What counts as the verdict on a candidate. Whatever can overrule the rule is added here.
CREATE OR REPLACE MACRO effective_verdict(rule_verdict) AS rule_verdict;

-- A fixed scrambling of 64 bits (the multipliers are SplitMix64's): the same order on every machine and version, unlike
-- DuckDB's own hash(), whose values may change between releases.
CREATE OR REPLACE MACRO multiply64(x, m) AS
    ((x::UHUGEINT * m::UHUGEINT) & 18446744073709551615::UHUGEINT)::UBIGINT;
CREATE OR REPLACE MACRO fold64(x) AS xor(x, x >> 31);
CREATE OR REPLACE MACRO seeded(id, key) AS
    fold64(multiply64(fold64(multiply64(xor(id, key), 13787848793156543929)), 10723151780598845931));

CREATE OR REPLACE TABLE jobs (
    job INTEGER NOT NULL,
    job_id VARCHAR NOT NULL,          -- sorts by time: the greatest is the latest
    kind VARCHAR NOT NULL
);

CREATE OR REPLACE TABLE shards (
    shard INTEGER NOT NULL,
    job INTEGER NOT NULL,
    family VARCHAR NOT NULL,          -- candidates | scores
    name VARCHAR NOT NULL,            -- file name; the first by name wins
    bytes BIGINT NOT NULL
);

CREATE OR REPLACE TABLE imports (
    import INTEGER NOT NULL,
    family VARCHAR NOT NULL,          -- prompts | general
    name VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    changed_ns BIGINT NOT NULL
);

-- Short strings that repeat, kept once: tasks, languages, verifiers, finish reasons.
CREATE OR REPLACE TABLE words (
    word INTEGER NOT NULL,
    spelling VARCHAR NOT NULL
);

CREATE OR REPLACE TABLE prompts (
    prompt_id UBIGINT NOT NULL,
    domain domain NOT NULL,
    split split NOT NULL,
    task INTEGER NOT NULL,            -- word
    target_language INTEGER NOT NULL, -- word
    verifier INTEGER NOT NULL,        -- word
    import INTEGER NOT NULL
);

CREATE OR REPLACE TABLE general (
    sample_id UBIGINT NOT NULL,
    task INTEGER NOT NULL,            -- word
    language INTEGER NOT NULL,        -- word
    import INTEGER NOT NULL
);

-- One narrow row a candidate. What comes from a score is NULL until the candidate is scored.
CREATE OR REPLACE TABLE scores (
    candidate_id UBIGINT NOT NULL,
    prompt_id UBIGINT NOT NULL,
    response_hash UBIGINT NOT NULL,
    job INTEGER NOT NULL,
    shard INTEGER NOT NULL,           -- holds the text
    sample INTEGER NOT NULL,
    domain domain,                    -- NULL while the prompt is not in the workspace
    split split,
    task INTEGER,
    target_language INTEGER,
    finish_reason INTEGER NOT NULL,   -- word
    prompt_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    answer_tokens INTEGER NOT NULL,
    truncated BOOLEAN NOT NULL,
    verdict verdict,
    rule_verdict verdict,
    score_job INTEGER,
    score_shard INTEGER,              -- holds the detail and the prediction
    rule_version INTEGER,
    measures_version INTEGER,
    target_word_ratio FLOAT,
    foreign_words INTEGER,
    longest_paragraph INTEGER,
    code_blocks INTEGER,
    code_ratio FLOAT,
    repetition FLOAT,
    well_formed BOOLEAN
);

-- Scores whose candidate, with that very text, has not been met: they wait for it here.
CREATE OR REPLACE TABLE stray (
    candidate_id UBIGINT NOT NULL,
    response_hash UBIGINT NOT NULL,
    rule_verdict verdict NOT NULL,
    score_job INTEGER NOT NULL,
    score_shard INTEGER NOT NULL,
    rule_version INTEGER NOT NULL,
    measures_version INTEGER NOT NULL,
    place UBIGINT NOT NULL,           -- row within the shard
    target_word_ratio FLOAT NOT NULL,
    foreign_words INTEGER NOT NULL,
    longest_paragraph INTEGER NOT NULL,
    code_blocks INTEGER NOT NULL,
    code_ratio FLOAT NOT NULL,
    repetition FLOAT NOT NULL,
    well_formed BOOLEAN NOT NULL
);
