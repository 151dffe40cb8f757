import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Takes a folder for this process: two boards over one flash file would destroy each other's readings.
 * @returns gives it back
 * @throws Error that names the process that has it
 */
export function lockFolder(folder: string): () => void {
	const file = join(folder, 'lock');
	const mine = join(folder, `lock.${process.pid}`);
	// Written elsewhere and linked: nobody ever sees a lock without its owner in it.
	writeFileSync(mine, String(process.pid), { mode: 0o600 });
	try {
		for (let attempt = 0; ; attempt++) {
			try {
				linkSync(mine, file);
				held.add(file);
				return () => {
					held.delete(file);
					rmSync(file, { force: true });
				};
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
				const owner = Number(readFileSync(file, 'utf8'));
				if (attempt > 0 || held.has(file) || isAlive(owner))
					throw new Error(`${folder} is in use by process ${owner}; end it, or give another folder with --state`);
				// Its owner was killed: the lock means nothing any more.
				rmSync(file, { force: true });
			}
		}
	} finally {
		rmSync(mine, { force: true });
	}
}

/** What this very process holds. A lock that bears our number and is not here is an earlier life's: in a container numbers repeat. */
const held = new Set<string>();

function isAlive(pid: number): boolean {
	if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}
