/** Says of a listening error what it means. */
export async function named<Result>(opening: Promise<Result>, where: string): Promise<Result> {
	try {
		return await opening;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'EADDRINUSE')
			throw new Error(`${where} is in use by another program; choose another port, or 0 for any`);
		if (code === 'EACCES') throw new Error(`${where} may not be listened on by this user`);
		if (code === 'EADDRNOTAVAIL') throw new Error(`${where} is no address of this machine`);
		throw error;
	}
}
