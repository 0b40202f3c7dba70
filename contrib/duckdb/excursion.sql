-- The episodes of `excursion`, with its default parameters, from the samples of a tape:
--     telltape export TAPE.jsonl --table samples.parquet
--     CREATE VIEW samples AS FROM 'samples.parquet'
-- docs/engines.md has the definition that this spells in SQL, with its step numbers. `make test-sql` holds it against the engine.
WITH RECURSIVE
given(class, motif, tau, drift, release, clip, open_dwell, close_dwell, max_gap_s, max_gap_n, tau_n, close_n) AS (VALUES
    ('PlanRegression', 'plan_regression_onset', 12, 0.35, 0.2, 2, 2, 5, 15, 5, 2, 5),
    ('Cardinality', 'cardinality_mismatch_regime', 30, 0.75, 0.5, 2, 2, 5, 15, 5, 2, 5),
    ('Contention', 'contention_ramp', 9, 0.0875, 0.05, 1, 1, 3, 15, 5, 2, 5),
    ('CacheIo', 'cache_collapse', 30, 0.15, 0.1, 1.2, 2, 5, 15, 5, 2, 5),
    ('WorkloadPhase', 'workload_phase_transition', 12, 0.2625, 0.15, 1.05, 2, 5, 90, 5, 2, 5)
),
parameters AS (
    SELECT class, motif, row_number() OVER () AS code, COLUMNS(* EXCLUDE (class, motif))::DOUBLE FROM given
),
sample AS (
    SELECT
        parameters.*, coalesce(channel, '_anonymous_') AS channel, t, value,
        greatest(least(value, clip), -clip) AS clipped,
        abs(value) >= release AS is_out,
        row_number() OVER (PARTITION BY class, coalesce(channel, '_anonymous_') ORDER BY n) AS i
    FROM samples JOIN parameters USING (class)
),
-- 1 and 2, the only steps with a memory that no window has: the low pass, the usual interval, the gaps.
walk AS (
    SELECT
        class, channel, i, t, 0::DOUBLE AS before, 0::DOUBLE AS weight, clipped AS extreme, NULL::DOUBLE AS usual, 0 AS piece,
        0::DOUBLE AS last_dt, 0::DOUBLE AS slow_before, 0::DOUBLE AS slow_weight, FALSE AS is_rare
    FROM sample WHERE i = 1
    UNION ALL
    SELECT
        class, channel, i, t,
        CASE WHEN dt = 0 THEN before WHEN is_gap THEN 0 ELSE before + weight * (extreme - before) END,
        CASE WHEN dt = 0 THEN weight WHEN is_gap THEN 0
            ELSE dt / (tau + dt) END,
        CASE WHEN dt = 0 AND abs(clipped) <= abs(extreme) THEN extreme ELSE clipped END,
        CASE WHEN dt = 0 THEN usual ELSE coalesce(usual, dt) + 0.25::DOUBLE * (dt - coalesce(usual, dt)) END,
        piece + is_gap::INTEGER,
        CASE WHEN dt = 0 THEN last_dt ELSE dt END,
        -- The same for a channel that is sampled rarely and evenly: `tau_n` intervals at least.
        CASE WHEN dt = 0 THEN slow_before WHEN is_gap THEN 0 ELSE slow_before + slow_weight * (extreme - slow_before) END,
        CASE WHEN dt = 0 THEN slow_weight WHEN is_gap THEN 0
            WHEN is_slow THEN dt / (greatest(tau, tau_n * usual) + dt)
            ELSE dt / (tau + dt) END,
        CASE WHEN dt = 0 OR is_gap THEN is_rare ELSE coalesce(is_slow AND tau_n * usual > tau, FALSE) END
    FROM (
        SELECT
            sample.*, walk.before, walk.weight, walk.extreme, walk.usual, walk.piece, walk.last_dt, walk.slow_before, walk.slow_weight, walk.is_rare,
            walk.usual > max_gap_s AND abs(sample.t - walk.t - walk.usual) <= 0.25::DOUBLE * walk.usual AS is_slow,
            sample.t - walk.t AS dt,
            dt > max_gap_s AND (walk.usual IS NULL OR dt > max_gap_n * walk.usual) AS is_gap
        FROM walk JOIN sample ON sample.class = walk.class AND sample.channel = walk.channel AND sample.i = walk.i + 1
    )
),
known AS (
    SELECT
        sample.* EXCLUDE (close_dwell), piece, abs(CASE WHEN is_rare THEN slow_before + slow_weight * (extreme - slow_before)
            ELSE before + weight * (extreme - before) END) AS smoothed,
        -- The same: `close_n` intervals, but for a thousandth of one.
        CASE WHEN usual > max_gap_s AND abs(last_dt - usual) <= 0.25::DOUBLE * usual
            THEN greatest(close_dwell, (close_n - 0.001::DOUBLE) * usual) ELSE close_dwell END AS close_dwell,
        max(piece) OVER (PARTITION BY class, channel) = piece AS is_last_piece,
        max(t) FILTER (is_out) OVER (PARTITION BY class, channel, piece ORDER BY i) AS last_out
    FROM sample JOIN (SELECT * EXCLUDE (t) FROM walk) USING (class, channel, i)
),
-- 3: samples that are out are of one excursion until one that is not out closes it.
numbered AS (
    SELECT *, count(*) FILTER (NOT is_out AND t - last_out >= close_dwell)
        OVER (PARTITION BY class, channel, piece ORDER BY i) AS excursion
    FROM known
),
excursions AS (
    SELECT
        class, channel, piece, excursion, min(i) AS first_i, max(i) AS last_i, min(t) AS t_start, max(t) AS t_end
    FROM numbered WHERE is_out GROUP BY ALL
),
-- 4 to 6.
confirmed AS (
    SELECT class, channel, piece, excursion, min(t) AS t_confirmed
    FROM excursions JOIN numbered USING (class, channel, piece, excursion)
    WHERE is_out AND t - t_start >= open_dwell AND smoothed >= drift GROUP BY ALL
),
episodes AS (
    SELECT
        code, motif, class, channel, piece, t_start, t_end, t_confirmed, last_i,
        max(abs(value)) AS peak, arg_min(t, (-abs(value), i)) AS t_peak, sum(value ORDER BY i) / count(*) AS mean, count(*) AS samples
    FROM excursions JOIN confirmed USING (class, channel, piece, excursion) JOIN known USING (class, channel, piece)
    WHERE i BETWEEN first_i AND last_i GROUP BY ALL
)
SELECT
    motif, channel, t_start, t_end, t_confirmed, t_peak, peak, mean,
    CASE WHEN mean < 0 THEN 'down' ELSE 'up' END AS direction, samples,
    NOT EXISTS (
        FROM known
        WHERE known.class = episodes.class AND known.channel = episodes.channel AND (
            known.piece > episodes.piece OR known.piece = episodes.piece AND known.i > last_i
                AND NOT is_out AND known.t - t_end >= known.close_dwell)
    ) AS open
FROM episodes ORDER BY t_start, code, channel
