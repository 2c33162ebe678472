package org.codanet.testing;

import java.io.IOException;
import java.nio.file.Path;
import org.codanet.model.CodaNet;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.train.Trainer;
import org.codanet.train.TrainingListener;

/** A training run with a checkpoint after every update. It is also a program that a test can kill. */
public final class ToyTraining {
    private ToyTraining() {}

    /** Trains. Arguments: device, folder and number of epochs. */
    public static void main(String[] arguments) throws IOException {
        train(arguments[0], Path.of(arguments[1]), Integer.parseInt(arguments[2]));
    }

    /** Trains, or resumes from the folder's checkpoint. */
    public static Trainer.Result train(String deviceName, Path folder, int epochs) throws IOException {
        TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, epochs, 4, new LearningRate.Constant(2e-3)).toBuilder()
                .batches(4, 8)
                .lambda(0.1)
                .build();
        try (Device device = Devices.open(deviceName, DeviceOptions.defaults());
                Scope run = Scope.open("toy");
                CodaNet net = CodaNet.create(Toys.network(), recipe.loss(), device, run, 5)) {
            return new Trainer(
                            net,
                            recipe,
                            new Preprocessing(3, Toys.SIZE, Toys.SIZE, 0),
                            Toys.images(23, 4, 1),
                            Toys.images(12, 5, 2),
                            new Trainer.Options(5, folder, true, 1, 0, 0),
                            TrainingListener.NONE)
                    .train();
        }
    }
}
