package org.codanet.train;

import java.io.IOException;
import org.codanet.file.FileFormatException;
import org.codanet.model.Network;
import org.codanet.model.Networks;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;

/**
 * One training run on a device: the network, its batches and the {@link Trainer}. Closing it closes the network. The caller holds
 * the {@link RunLock} of the run's folder for as long as the session is open.
 */
public final class TrainingSession implements AutoCloseable {
    private final Scope scope;
    private final Network net;
    private final Trainer trainer;

    private TrainingSession(Scope scope, Network net, Trainer trainer) {
        this.scope = scope;
        this.net = net;
        this.trainer = trainer;
    }

    /**
     * Creates the network with initial weights from the seed, and a trainer for it.
     *
     * @param evaluationBatch images per batch of the evaluations
     * @param device on which the network is created; the caller closes it after the session
     * @throws IllegalArgumentException as the constructor of {@link Trainer} does
     */
    public static TrainingSession open(
            TrainingSetup setup,
            int evaluationBatch,
            Trainer.Options options,
            Device device,
            TrainingListener listener) {
        Scope scope = Scope.open("train");
        try {
            Network net = Networks.create(setup.network(), setup.recipe().loss(), device, scope, options.seed());
            Trainer trainer = new Trainer(
                    net,
                    setup.recipe(),
                    setup.preprocessing(),
                    DatasetSource.training(
                            setup.training(), setup.preprocessing(), setup.recipe(), options.seed(), setup.threads()),
                    DatasetSource.evaluation(setup.test(), setup.preprocessing(), evaluationBatch, setup.threads()),
                    options,
                    listener);
            return new TrainingSession(scope, net, trainer);
        } catch (RuntimeException e) {
            try {
                scope.close();
            } catch (RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** The network that is trained. */
    public Network net() {
        return net;
    }

    /**
     * Starts from trained weights in place of random ones. A run that is resumed from a checkpoint has the checkpoint's weights.
     *
     * @throws FileFormatException if they do not fit the network
     */
    public void startFrom(InitialWeights weights) throws FileFormatException {
        net.setWeights(weights.applyTo(net.config(), net.weights()));
    }

    /** Trains until the last epoch or until {@link #stop}, see {@link Trainer#train}. */
    public Trainer.Result train() throws IOException {
        return trainer.train();
    }

    /** Ends the run after the current optimiser step, with a checkpoint. May be called from any thread. */
    public void stop() {
        trainer.stop();
    }

    @Override
    public void close() {
        scope.close();
    }
}
