package wharfinger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"
)

// A Struct holds doubles; beyond this a whole number would become another one.
var largest = big.NewInt(1<<53 - 1)

const deepest = 100

// structOf returns params, anything that marshals to a JSON object, as the API takes them. What would be changed on the way is
// refused, with the place where it stands.
func structOf(params any) (*structpb.Struct, error) {
	const path = "task.params"
	switch params := params.(type) {
	case nil:
		return &structpb.Struct{}, nil
	case *structpb.Struct:
		return params, nil
	}
	text, err := json.Marshal(params)
	if err != nil {
		return nil, invalid("PARAMS_INVALID", path, err.Error())
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil && err != io.EOF {
		return nil, invalid("PARAMS_INVALID", path, err.Error())
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, invalid("PARAMS_INVALID", path, fmt.Sprintf("a %T is no object of JSON; give a struct, or a map of names to values", params))
	}
	made, err := fill(fields, path, 0)
	if err != nil {
		return nil, err
	}
	return made.GetStructValue(), nil
}

// fill turns a decoded value of JSON into the API's.
func fill(value any, path string, depth int) (*structpb.Value, error) {
	if depth > deepest {
		return nil, invalid("PARAMS_INVALID", path, fmt.Sprintf("nested deeper than %d levels", deepest))
	}
	switch value := value.(type) {
	case json.Number:
		return number(value, path)
	case map[string]any:
		made := &structpb.Struct{Fields: make(map[string]*structpb.Value, len(value))}
		for key, item := range value {
			filled, err := fill(item, path+"."+key, depth+1)
			if err != nil {
				return nil, err
			}
			made.Fields[key] = filled
		}
		return structpb.NewStructValue(made), nil
	case []any:
		made := &structpb.ListValue{Values: make([]*structpb.Value, len(value))}
		for i, item := range value {
			filled, err := fill(item, fmt.Sprintf("%s[%d]", path, i), depth+1)
			if err != nil {
				return nil, err
			}
			made.Values[i] = filled
		}
		return structpb.NewListValue(made), nil
	case string:
		if !utf8.ValidString(value) {
			return nil, invalid("PARAMS_INVALID", path, "it is not text in UTF-8")
		}
	}
	return structpb.NewValue(value)
}

func number(text json.Number, path string) (*structpb.Value, error) {
	if whole, ok := new(big.Int).SetString(text.String(), 10); ok && whole.CmpAbs(largest) > 0 {
		return nil, invalid("PARAMS_INVALID", path, "whole numbers beyond 2^53-1 would be changed on the way; send a string")
	}
	value, err := text.Float64()
	if err != nil || math.IsInf(value, 0) {
		return nil, invalid("PARAMS_INVALID", path, text.String()+" is larger than a number can be; send a string")
	}
	return structpb.NewNumberValue(value), nil
}

// decode puts a result into what the caller gave, as json.Unmarshal does; nil: nobody wants it.
func decode(result *structpb.Struct, into any) error {
	if into == nil {
		return nil
	}
	if result == nil {
		result = &structpb.Struct{}
	}
	text, err := result.MarshalJSON()
	if err != nil {
		return fmt.Errorf("wharfinger: the result is no JSON: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("wharfinger: the task succeeded, and its result does not fit: %w", err)
	}
	return nil
}
