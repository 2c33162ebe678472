package org.codanet.run;

import org.codanet.data.batch.RawImages;
import org.codanet.model.NetInput;
import org.codanet.model.Network;
import org.codanet.nn.device.ReplayedWork;
import org.codanet.nn.tensor.Scope;

/**
 * A pass with tensors of its own for images, inputs and results. The first two runs are eager; later ones replay a captured graph where
 * the device supports it ({@link ReplayedWork}).
 */
final class CapturedPass {
    private final Network net;
    private final PassDefinition definition;
    private final Scope scope;
    private final NetInput images;
    private final DeviceBuffers inputs;
    private final DeviceBuffers results;
    private final PassDefinition.Body body;
    private final ReplayedWork work;

    /** A pass that has not run yet. @param scope owner of everything */
    CapturedPass(Network net, PassDefinition definition, Scope scope) {
        this.net = net;
        this.definition = definition;
        this.scope = scope;
        this.images = new NetInput(net, definition.images(), scope);
        this.inputs = new DeviceBuffers(definition.inputs(net), net.device(), scope);
        this.results = new DeviceBuffers(definition.results(net), net.device(), scope);
        this.body = definition.open(net, scope);
        this.work = new ReplayedWork(net.device(), scope, this::compute);
    }

    /** Uploads, runs or replays, and downloads. */
    HostBuffers run(RawImages values, HostBuffers beside) {
        images.upload(values);
        inputs.upload(beside);
        runOnDevice();
        return results.download();
    }

    /** The part of a run that happens on the device. It reads the current contents of the tensors. */
    void runOnDevice() {
        // The weights do not change as often as the images, so the tensors derived from them are computed separately.
        net.prepare(definition.purpose());
        work.run();
    }

    private void compute() {
        try (Scope own = scope.child("pass")) {
            body.run(images.write(own), inputs, results, own);
        }
    }
}
