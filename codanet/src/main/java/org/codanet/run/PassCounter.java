package org.codanet.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.model.Network;
import org.codanet.nn.counting.CountingDevice;
import org.codanet.nn.counting.MemoryPeak;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;

/**
 * Counts the memory of passes on a copy of a network that lives on a {@link CountingDevice}. It caches its plans, because every call with a
 * memory budget needs the same plans.
 */
final class PassCounter {
    private static final int CAPACITY = 64;
    private static final String PASS_SCOPE = "counted pass";

    private static final String IMAGES_AND_RESULTS = "images and results";
    private static final String ACTIVATIONS = "activations";
    private static final String LINEAR_MAPS = "linear maps";
    private static final String GRADIENTS = "gradients of activations";
    private static final String REGULARISER = "regulariser";
    private static final List<String> USES =
            List.of(IMAGES_AND_RESULTS, ACTIVATIONS, LINEAR_MAPS, GRADIENTS, REGULARISER);

    private final Network net;
    private final Scope scope;
    private final CountingDevice counting;
    private final Network copy;
    private final Map<PassDefinition, MemoryPeak> peaks = new LeastRecentlyUsed();

    private PassCounter(Network net, Scope scope) {
        this.net = net;
        this.scope = scope;
        this.counting = scope.register(new CountingDevice(net.device()));
        this.copy = net.withoutWeights(counting, scope);
        // A training pass needs gradients to add to, even if the network itself has none yet.
        copy.forTraining();
    }

    private static final class LeastRecentlyUsed extends LinkedHashMap<PassDefinition, MemoryPeak> {
        private static final long serialVersionUID = 1L;

        LeastRecentlyUsed() {
            super(CAPACITY, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<PassDefinition, MemoryPeak> eldest) {
            return size() > CAPACITY;
        }
    }

    /** The counter of a network, which is closed with the network. */
    static PassCounter of(Network net) {
        return net.companion(PassCounter.class, owner -> new PassCounter(net, owner.child("memory plan")));
    }

    /** Bytes at the peak of a pass, by purpose. */
    List<MemoryPlan.Line> lines(PassDefinition pass) {
        MemoryPeak peak = peaks.get(pass);
        if (peak == null) {
            peak = count(pass);
            peaks.put(pass, peak);
        }
        List<MemoryPlan.Line> lines = new ArrayList<>();
        long weights = weightBytes();
        lines.add(new MemoryPlan.Line("weights", weights));
        if (pass.purpose() == Purpose.TRAINING || net.isForTraining()) {
            lines.add(new MemoryPlan.Line("gradients", weights));
            lines.add(new MemoryPlan.Line("moments of Adam", 2 * weights));
        }
        lines.add(new MemoryPlan.Line("prepared weights", peak.prepared()));
        Map<String, Long> tensors = byUse(peak);
        for (String use : USES) {
            if (tensors.containsKey(use)) {
                lines.add(new MemoryPlan.Line(use, tensors.get(use)));
            }
        }
        if (pass.purpose() != Purpose.INFERENCE) {
            lines.add(new MemoryPlan.Line("forward states", peak.states()));
        }
        lines.add(new MemoryPlan.Line("workspace and libraries", peak.workspace() + peak.library()));
        return lines;
    }

    private long weightBytes() {
        long bytes = 0;
        for (Parameter parameter : net.parameters()) {
            bytes += net.device().tensorBytes(parameter.value().shape());
        }
        return bytes;
    }

    private MemoryPeak count(PassDefinition pass) {
        counting.forgetPasses();
        copy.weightsChanged();
        try (Scope own = scope.child(PASS_SCOPE)) {
            new CapturedPass(copy, pass, own).runOnDevice();
        }
        return counting.peak();
    }

    private static Map<String, Long> byUse(MemoryPeak peak) {
        Map<String, Long> sums = new LinkedHashMap<>();
        peak.tensors().forEach((path, bytes) -> {
            int at = path.indexOf("/" + PASS_SCOPE);
            // Tensors outside of a pass are the weights of the copy, with gradients and moments.
            if (at >= 0) {
                sums.merge(use(path.substring(at)), bytes, Long::sum);
            }
        });
        return sums;
    }

    /** The purpose of the tensors of a scope. @param path of the scope, starting at the scope of the pass */
    private static String use(String path) {
        if (path.contains("/linear-map penalty")) {
            return REGULARISER;
        }
        if (path.contains("/backward")) {
            return GRADIENTS;
        }
        if (path.contains("/targets")) {
            return LINEAR_MAPS;
        }
        return path.equals("/" + PASS_SCOPE) ? IMAGES_AND_RESULTS : ACTIVATIONS;
    }
}
