package org.codanet.service;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.codanet.input.PicturePreparation;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.op.LossKind;
import org.codanet.recipe.TrainingRecipe;

/**
 * One version of a model and the calls for it. A call belongs to the version that was current when it was admitted. The collections are
 * guarded by the lock of {@link CallQueue}.
 */
final class LoadedModel {
    /** Contributions of one batch on the heap, in floats: 256 MiB. */
    private static final long MAX_CONTRIBUTIONS = 64 << 20;

    private final ModelInfo info;
    private final LossKind loss;
    private final int maxQueue;
    private final ModelFile file;

    /** Admitted calls that no device has taken, in the order of admission. */
    final Set<Call> waiting = new LinkedHashSet<>();

    /** Calls that a device has taken and that are not answered. */
    final Set<Call> computing = new HashSet<>();

    /** Whether another version has replaced this one. */
    boolean retired;

    /** Completed when this version is retired and its last call is answered. */
    final CompletableFuture<Void> drained = new CompletableFuture<>();

    LoadedModel(String name, int version, ModelFile file, int maxQueue) {
        Preprocessing preprocessing = file.preprocessing()
                .orElseThrow(() -> new IllegalArgumentException("model " + name
                        + ": the file does not record the size of its images; a service needs a model of codanet"));
        this.info = new ModelInfo(name, version, file.codaNetConfig(), preprocessing);
        this.loss = file.recipe().map(TrainingRecipe::loss).orElse(LossKind.BCE);
        this.maxQueue = maxQueue;
        this.file = file;
    }

    ModelInfo info() {
        return info;
    }

    LossKind loss() {
        return loss;
    }

    int maxQueue() {
        return maxQueue;
    }

    /** The weights, for a device that is opened again. */
    ModelFile file() {
        return file;
    }

    PicturePreparation preparation() {
        return new PicturePreparation(info.preprocessing());
    }

    int classes() {
        return info.config().numClasses();
    }

    /** The largest number of calls of a batch, so that its contributions fit the heap. */
    int batchLimit(BatchKind kind, int maxBatch) {
        long pixels =
                (long) info.preprocessing().height() * info.preprocessing().width();
        long each = kind.targets() * pixels * (kind.channels() ? info.config().inChannels() + 1 : 1);
        return Math.clamp(MAX_CONTRIBUTIONS / each, 1, maxBatch);
    }
}
