package org.codanet.train;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.codanet.file.AtomicFile;

/**
 * Locks the folder of a training run, so that two processes cannot write to it at the same time.
 *
 * <p>The operating system releases the lock when the process ends, even if it is killed. The empty lock file is not deleted, because
 * deleting it could let two processes lock the folder.
 */
public final class RunLock implements AutoCloseable {
    private static final String FILE = ".lock";

    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Locks the folder and deletes unfinished files that a killed process left in it.
     *
     * @param folder of the run, which must exist
     * @throws IOException naming the folder, if another process has locked it
     */
    public static RunLock of(Path folder) throws IOException {
        FileChannel channel =
                FileChannel.open(folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (isTaken(channel)) {
            channel.close();
            throw new IOException("another codanet is writing to the folder " + folder
                    + "; wait until it has ended, or choose another folder");
        }
        AtomicFile.deleteUnfinished(folder);
        return new RunLock(channel);
    }

    private static boolean isTaken(FileChannel channel) {
        try {
            return channel.tryLock() == null;
        } catch (OverlappingFileLockException e) {
            return true;
        } catch (IOException e) {
            // Some network file systems do not support locks. The run then continues without a lock.
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
