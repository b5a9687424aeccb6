/** Which features a study compares with one: its nearest neighbours on either side, and one by chance. */
import { createRng } from "../model/rng.ts";
import type { FeatureRecord } from "./feature-record.ts";
import type { StudySubject } from "./study-steering.ts";

/**
 * @param features All of the run, in order.
 * @param seed The feature taken by chance is active somewhere, and none of the others.
 */
export async function studySubjects(
  record: FeatureRecord,
  features: AsyncIterable<FeatureRecord>,
  seed: number,
): Promise<readonly StudySubject[]> {
  const subjects: StudySubject[] = [{ feature: record.feature, relation: "itself" }];
  const [same] = record.sameExpert;
  const [other] = record.otherExpert;
  if (same !== undefined) subjects.push({ feature: same.feature, relation: "same expert" });
  if (other !== undefined) subjects.push({ feature: other.feature, relation: "other expert" });
  const random = await chosen(features, seed, new Set(subjects.map(({ feature }) => feature)));
  return random === undefined ? subjects : [...subjects, { feature: random, relation: "random" }];
}

/** Each of the n candidates so far is the one with probability 1/n. */
async function chosen(
  features: AsyncIterable<FeatureRecord>,
  seed: number,
  excluded: ReadonlySet<number>,
): Promise<number | undefined> {
  const stream = createRng(seed).stream("study");
  let found: number | undefined;
  let numCandidates = 0;
  for await (const { feature, rows } of features) {
    if (rows === 0 || excluded.has(feature)) continue;
    numCandidates += 1;
    if (stream.uniform() * numCandidates < 1) found = feature;
  }
  return found;
}
