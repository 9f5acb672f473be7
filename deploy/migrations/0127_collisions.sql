-- scoring: what of an enforcement record can contradict a complaint.
ALTER TABLE scoring.penalty
    ADD COLUMN decided_on        date,
    ADD COLUMN rectified         boolean NOT NULL DEFAULT false,
    ADD COLUMN licence_withdrawn boolean NOT NULL DEFAULT false,
    ADD COLUMN document_no       text NOT NULL DEFAULT '';
UPDATE scoring.penalty p
SET decided_on = e.decided_on, rectified = e.rectified = 1, document_no = e.document_no,
    licence_withdrawn = e.penalty_kind || e.penalty ~ '吊销|暂扣|撤销许可|责令关闭'
FROM intake.enforcement_for_scoring e WHERE e.region = p.region AND e.id = p.record;
