package org.codanet.nn.layer;

import java.util.Arrays;
import java.util.List;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.BatchNorm;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.op.Extents;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** Constants of each channel at the input of a network: {@code y = (x − mean) / deviation}. Nothing of it is trained. */
public final class NormaliseLayer implements Layer {
    private final String name;
    private final Device device;
    private final BatchNorm operation;
    private final BatchNorm.Weights weights;
    private final BatchNorm.Statistics constants;

    /**
     * A layer whose tensors are owned by {@code scope}.
     *
     * @param mean one value for each channel
     * @param deviation one value above 0 for each channel
     */
    public NormaliseLayer(String name, Device device, Scope scope, List<Double> mean, List<Double> deviation) {
        if (mean.size() != deviation.size() || !deviation.stream().allMatch(value -> value > 0)) {
            throw new IllegalArgumentException(
                    name + ": each channel needs a mean and a deviation above 0, got " + mean + " and " + deviation);
        }
        this.name = name;
        this.device = device;
        this.operation = device.batchNorm(scope, new BatchNormShape(mean.size(), 0, 0));
        Double[] zeros = new Double[mean.size()];
        Double[] ones = new Double[mean.size()];
        Arrays.fill(zeros, 0.0);
        Arrays.fill(ones, 1.0);
        this.weights = new BatchNorm.Weights(vector(Arrays.asList(ones), scope), vector(Arrays.asList(zeros), scope));
        List<Double> variance = deviation.stream().map(value -> value * value).toList();
        this.constants = new BatchNorm.Statistics(vector(mean, scope), vector(variance, scope));
    }

    private Tensor vector(List<Double> values, Scope scope) {
        float[] array = new float[values.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = values.get(i).floatValue();
        }
        Tensor tensor = device.allocate(scope, Shape.of(array.length));
        device.upload(array, tensor);
        return tensor;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Shape outputShape(Shape input) {
        Extents.requireChannelsLast(name, input, operation.shape().channels());
        return input;
    }

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    /** Does nothing: there are no weights. */
    @Override
    public void prepare(Purpose purpose) {}

    @Override
    public Pass forward(Tensor x, Purpose purpose, Scope scope) {
        Tensor y = device.allocate(scope, x.shape());
        operation.forward(x, weights, constants, y);
        return new PlainPass(this, x, y);
    }

    @Override
    public void backward(Pass pass, Tensor dOut, Tensor dIn) {
        if (dIn != null) {
            inputGradient(pass, dOut, dIn);
        }
    }

    @Override
    public void inputGradient(Pass pass, Tensor dOut, Tensor dIn) {
        backProject(pass, dOut, dIn);
    }

    @Override
    public void backProject(Pass pass, Tensor dOut, Tensor dIn) {
        PlainPass.of(pass, this);
        operation.backProject(dOut, weights, constants, dIn);
    }

    @Override
    public int minUniformTargets(int targets) {
        return 1;
    }
}
