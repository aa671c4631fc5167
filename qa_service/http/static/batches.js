// Which files go together: what one request may bring, and what becomes a job of its own.

const MEGABYTE = 1024 * 1024;
// Below the service's limits of 100 files and 8 MB, so that progress shows and the parts' own headers fit in.
const BATCH_FILES = 25;
const BATCH_BYTES = 4 * MEGABYTE;
const REQUEST_BYTES = 7.9 * MEGABYTE;
export const JOB_MEGABYTES = 63;

// Splits files {name, size} into `batches` (lists), `jobs` (single large files) and `refused` ({file, reason, values}).
export function plan(files) {
  const [batches, jobs, refused] = [[], [], []];
  const names = new Set();
  let batch = [];
  let bytes = 0;
  for (const file of files) {
    if (names.has(nameOf(file))) {
      refused.push({ file, reason: "sameName" });
      continue;
    }
    names.add(nameOf(file));
    if (file.size > JOB_MEGABYTES * MEGABYTE) {
      refused.push({ file, reason: "tooBig", values: { limit: JOB_MEGABYTES } });
    } else if (file.size > REQUEST_BYTES) {
      jobs.push(file);
    } else {
      if (batch.length === BATCH_FILES || (batch.length > 0 && bytes + file.size > BATCH_BYTES)) {
        batches.push(batch);
        [batch, bytes] = [[], 0];
      }
      batch.push(file);
      bytes += file.size;
    }
  }
  if (batch.length > 0) batches.push(batch);
  return { batches, jobs, refused };
}

// What a file's article is called: its path within the folder that was chosen, so that files of one name stay apart.
export function nameOf(file) {
  return file.webkitRelativePath || file.name;
}

export function megabytes(files) {
  return (files.reduce((sum, { size }) => sum + size, 0) / MEGABYTE).toFixed(1);
}

// Splits the files of a refused request by what it says of them: problems [{field: "files[3]", problem, remedy}] give
// `wrong` ([{file, problem}]) and `others`.
export function split(files, problems) {
  const found = new Map();
  for (const problem of problems) {
    const place = /^files\[(\d+)\]/.exec(problem.field ?? "");
    if (place && !found.has(Number(place[1]))) found.set(Number(place[1]), problem);
  }
  const wrong = [...found].filter(([index]) => index < files.length);
  return {
    wrong: wrong.map(([index, problem]) => ({ file: files[index], problem })),
    others: files.filter((_, index) => !found.has(index)),
  };
}
