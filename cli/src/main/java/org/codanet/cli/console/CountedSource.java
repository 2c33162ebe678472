package org.codanet.cli.console;

import java.util.function.LongConsumer;
import org.codanet.data.batch.BatchSource;

/**
 * A source of batches that reports how many images were taken from it.
 *
 * @param listener receives the number of images since the beginning of the epoch, after every batch
 */
public record CountedSource(BatchSource source, LongConsumer listener) implements BatchSource {
    @Override
    public long images() {
        return source.images();
    }

    @Override
    public String description() {
        return source.description();
    }

    @Override
    public Batches batches(int epoch, int first) {
        Batches batches = source.batches(epoch, first);
        return new Batches() {
            private long seen;

            @Override
            public boolean hasNext() {
                return batches.hasNext();
            }

            @Override
            public Batch next() {
                Batch batch = batches.next();
                seen += batch.count();
                listener.accept(seen);
                return batch;
            }

            @Override
            public void close() {
                batches.close();
            }
        };
    }
}
