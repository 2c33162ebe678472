package org.codanet.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.tensor.Scope;

/**
 * Steps of one network that are kept between calls, by what they are for: kind of work, extents, targets. On a device that
 * does not record steps nothing is kept, and a step lives as long as the call that needs it.
 *
 * <p>Not thread-safe, as the device is not. What is kept is given back with the network.
 */
public final class KeptSteps {
    /** Shapes that a service meets at the same time; of more, the one not asked for the longest is given up. */
    private static final int MOST = 8;

    private final Device device;
    private final Scope scope;
    private final Map<Object, Kept<?>> kept = new LinkedHashMap<>(MOST, 0.75f, true);

    KeptSteps(Device device, Scope scope) {
        this.device = device;
        this.scope = scope;
    }

    private record Kept<S>(Scope scope, S step) {}

    /**
     * Uses a step. If the device has no room for it, the others are given up and it is made once more.
     *
     * @param key what the step is for; equal keys stand for equal steps
     * @param make makes it, in the scope that will own it
     * @param use may be called twice
     * @return what {@code use} returns
     */
    public <S, R> R use(Object key, Function<Scope, S> make, Function<S, R> use) {
        if (kept.isEmpty()) {
            return run(key, make, use);
        }
        try {
            return run(key, make, use);
        } catch (OutOfMemoryException noRoom) {
            if (kept.isEmpty()) {
                throw noRoom;
            }
            dropAll();
            device.trimMemory();
            return run(key, make, use);
        }
    }

    /**
     * Uses a step that needs the room of the others, or that may not be run twice: these are given up before it is made.
     *
     * @param key what the step is for; equal keys stand for equal steps
     * @param make makes it, in the scope that will own it
     * @param use called once
     * @return what {@code use} returns
     */
    public <S, R> R useAlone(Object key, Function<Scope, S> make, Function<S, R> use) {
        if (!kept.containsKey(key)) {
            dropAll();
        }
        return run(key, make, use);
    }

    private <S, R> R run(Object key, Function<Scope, S> make, Function<S, R> use) {
        if (!device.supportsCapture()) {
            try (Scope own = scope.child(key.toString())) {
                return use.apply(make.apply(own));
            }
        }
        @SuppressWarnings("unchecked") // whoever uses a key makes one kind of step for it
        Kept<S> found = (Kept<S>) kept.get(key);
        if (found == null) {
            found = make(key, make);
        }
        try {
            return use.apply(found.step());
        } catch (RuntimeException | Error failure) {
            // What it holds may be half done.
            try {
                drop(key);
            } catch (RuntimeException closing) {
                failure.addSuppressed(closing);
            }
            throw failure;
        }
    }

    private <S> Kept<S> make(Object key, Function<Scope, S> make) {
        while (kept.size() >= MOST) {
            drop(kept.keySet().iterator().next());
        }
        Scope own = scope.child(key.toString());
        try {
            Kept<S> made = new Kept<>(own, make.apply(own));
            kept.put(key, made);
            return made;
        } catch (RuntimeException | Error failure) {
            own.close();
            throw failure;
        }
    }

    /** How many are kept. */
    public int size() {
        return kept.size();
    }

    /** Gives one up, if it is kept. */
    public void drop(Object key) {
        Kept<?> found = kept.remove(key);
        if (found != null) {
            found.scope().close();
        }
    }

    /** Gives all up; the next calls make them again. */
    public void dropAll() {
        while (!kept.isEmpty()) {
            drop(kept.keySet().iterator().next());
        }
    }
}
