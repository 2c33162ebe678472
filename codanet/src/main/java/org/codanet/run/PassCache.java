package org.codanet.run;

import java.util.LinkedHashMap;
import java.util.Map;
import org.codanet.data.batch.RawImages;
import org.codanet.model.Network;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.tensor.Scope;

/**
 * The captured passes of one network. On a device that does not support capture nothing is cached: a pass is freed at the end of the call
 * that needs it.
 *
 * <p>At most {@value #CAPACITY} passes are cached, or as many as {@link #reserve} asks for; the least recently used one is evicted. A pass that fails is evicted too, because its
 * tensors may be half written. Not thread-safe, as the device is not.
 */
public final class PassCache {
    /** A service mixes fewer kinds of request than this. Each cached pass holds its tensors and the memory of its graph. */
    private static final int CAPACITY = 8;

    private final Network net;
    private final Device device;
    private final Scope scope;
    private final Map<PassDefinition, Entry> entries = new LinkedHashMap<>(CAPACITY, 0.75f, true);

    private int capacity = CAPACITY;

    private record Entry(Scope scope, CapturedPass pass) {}

    private PassCache(Network net, Scope scope) {
        this.net = net;
        this.device = net.device();
        this.scope = scope;
    }

    /** The cache of a network, which is closed with the network. */
    public static PassCache of(Network net) {
        return net.companion(PassCache.class, owner -> new PassCache(net, owner.child("passes")));
    }

    /**
     * Runs a pass. If memory is short, all other passes are evicted and the pass is run once more. The pass must therefore be repeatable; a
     * pass that adds to gradients is not.
     *
     * @param inputs in the layout of {@code definition.inputs}
     * @return the results, in the layout of {@code definition.results}
     * @throws OutOfMemoryException if memory is short even without the other passes
     */
    public HostBuffers run(PassDefinition definition, RawImages images, HostBuffers inputs) {
        if (entries.isEmpty()) {
            return runOnce(definition, images, inputs);
        }
        try {
            return runOnce(definition, images, inputs);
        } catch (OutOfMemoryException shortage) {
            if (entries.isEmpty()) {
                throw shortage;
            }
            evictAll();
            device.trimMemory();
            return runOnce(definition, images, inputs);
        }
    }

    /**
     * Runs a pass that needs the memory of all others, or that must not be repeated: the others are evicted before it is created.
     *
     * @param inputs in the layout of {@code definition.inputs}
     * @return the results, in the layout of {@code definition.results}
     * @throws OutOfMemoryException if memory is short
     */
    public HostBuffers runAlone(PassDefinition definition, RawImages images, HostBuffers inputs) {
        if (!entries.containsKey(definition)) {
            evictAll();
        }
        return runOnce(definition, images, inputs);
    }

    private HostBuffers runOnce(PassDefinition definition, RawImages images, HostBuffers inputs) {
        if (!device.supportsCapture()) {
            try (Scope own = scope.child(definition.toString())) {
                return new CapturedPass(net, definition, own).run(images, inputs);
            }
        }
        Entry found = entries.get(definition);
        Entry entry = found == null ? create(definition) : found;
        try {
            return entry.pass().run(images, inputs);
        } catch (RuntimeException | Error failure) {
            try {
                evict(definition);
            } catch (RuntimeException closing) {
                failure.addSuppressed(closing);
            }
            throw failure;
        }
    }

    private Entry create(PassDefinition definition) {
        while (entries.size() >= capacity) {
            evict(leastRecentlyUsed());
        }
        Scope own = scope.child(definition.toString());
        try {
            Entry created = new Entry(own, new CapturedPass(net, definition, own));
            entries.put(definition, created);
            return created;
        } catch (RuntimeException | Error failure) {
            own.close();
            throw failure;
        }
    }

    /** Lets the cache hold at least {@code passes} passes. A service needs one for each batch size and kind of target. */
    public void reserve(int passes) {
        capacity = Math.max(capacity, passes);
    }

    /** Number of cached passes. */
    public int size() {
        return entries.size();
    }

    /** Evicts one pass, if it is cached. */
    public void evict(PassDefinition definition) {
        Entry entry = entries.remove(definition);
        if (entry != null) {
            entry.scope().close();
        }
    }

    private void evictAll() {
        while (!entries.isEmpty()) {
            evict(leastRecentlyUsed());
        }
    }

    private PassDefinition leastRecentlyUsed() {
        return entries.keySet().iterator().next();
    }
}
