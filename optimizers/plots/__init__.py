"""Pictures of the trade-off between safety and questions: interactive ones (Plotly) and ones for print (Matplotlib)."""
