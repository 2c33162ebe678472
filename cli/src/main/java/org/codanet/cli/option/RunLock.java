package org.codanet.cli.option;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.codanet.file.AtomicFile;

/**
 * Keeps other processes out of the folder of a run, whose files two would write in turns. The system lets go of it however
 * the process ends; the empty file stays, because deleting it could open the folder to two.
 */
public final class RunLock implements AutoCloseable {
    private static final String FILE = ".lock";

    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /** Takes the folder, rid of what a killed writer left unfinished. @throws IOException naming it if another process has it */
    public static RunLock of(Path folder) throws IOException {
        FileChannel channel =
                FileChannel.open(folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (isTaken(channel)) {
            channel.close();
            throw new IOException(
                    "another codanet is writing into the folder " + folder + "; wait for its end, or choose another");
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
            // Some network file systems know no locks, and a run on them is better than none.
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
